"""A stand-in for SendGrid that keeps every letter on this machine and plays the people who read them."""
