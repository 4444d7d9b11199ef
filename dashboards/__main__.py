"""Writes every generated file: `make dashboards`. A test holds the files against it."""

from dashboards.output import generated


def main() -> None:
    """Write what differs, and nothing else."""
    for path, text in generated().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
