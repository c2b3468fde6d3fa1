"""What `make demo` runs: the tap, Meltano and a real PostgreSQL together, and the database the end-to-end tests use."""
