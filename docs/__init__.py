"""The pages, and what makes one of them from the code."""
