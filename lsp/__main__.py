"""`python -P -m lsp`: the same as `vernacular-lsp`, where a console script is awkward to find.

`-P` keeps Python from taking modules out of the folder that it is started in, which may be a work space.
"""

from lsp.main import main

if __name__ == "__main__":
    main()
