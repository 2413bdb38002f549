"""Tests of what a crew that went in vain costs beside the charge itself."""
