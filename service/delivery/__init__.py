"""Asking other machines: fetching a patient's record from a FHIR server."""
