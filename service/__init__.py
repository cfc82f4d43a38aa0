"""Myoflag: FHIR laboratory results and diagnoses in, explained FHIR Flags out."""

__version__ = "0.1.0"
