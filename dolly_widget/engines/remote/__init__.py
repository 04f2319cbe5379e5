"""Servers that speak the OpenAI API: a prompt goes over the network, and an answer comes back."""
