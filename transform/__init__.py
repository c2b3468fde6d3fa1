"""The dbt package, and the program that writes its staging models from the schemas of the tap."""
