"""HTTP: one thin module per interface, each reads the request, calls, answers."""
