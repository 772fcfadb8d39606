"""The portal's Django apps."""
