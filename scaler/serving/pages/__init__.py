"""The status page: what stands on the board, laid out for people. Plain HTML, no scripts needed.

trails, board, polls ─► subjects ─► overview | detail ─► templates ─► site
"""
