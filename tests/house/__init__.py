"""What keeps the architecture true: rules over its own files, each shown to bite on a planted violation."""
