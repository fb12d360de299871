"""What the Makefile runs, with nothing but the standard library: the virtual environment is made here."""
