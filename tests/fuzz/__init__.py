"""What nobody would think of, from every side: answers, messages, settings, environments, state, catalogs, tokens."""
