"""The processor: takes readings from the broker into the store and sends what comes of them."""
