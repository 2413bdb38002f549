"""Settling anew (重新结算): bills taken back and made again in one step, and the trail of what that changed.

Owns `resettlements`. Asks consents for what a family agreed to since, parking for a human's release.
"""
