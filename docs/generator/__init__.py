"""Makes the pages of the site that follow from the code: `python -m docs.generator FOLDER`."""
