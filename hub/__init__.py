"""What MeltanoHub has to know of tap and target."""
