"""What nobody would think of, from every side: answers, settings, state, catalogs."""
