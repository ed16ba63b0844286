"""What the engine is measured by: speed and size, peers on the same case, growth."""
