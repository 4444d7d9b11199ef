"""`python -m scaler` is `forescale`."""

from scaler.cli import main

if __name__ == "__main__":
    main()
