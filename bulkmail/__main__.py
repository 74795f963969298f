"""`python -m bulkmail` is `bulkmail`."""

from bulkmail.cli import main

if __name__ == "__main__":
    main()
