"""What the HTTP interface answers, one module for each domain."""
