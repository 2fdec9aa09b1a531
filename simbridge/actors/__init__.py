"""The data plane: buses, deliveries and the stand-ins they deliver to."""
