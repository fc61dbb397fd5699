"""The golden set: references that run through the service now and then, to see whether it still hears as it did."""
