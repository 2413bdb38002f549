"""A server that speaks the SMS provider's protocol, so that sending can be tried without an account there."""
