"""From a row of an answer to a record: types, timestamps, surrogate keys."""
