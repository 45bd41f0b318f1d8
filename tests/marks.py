"""What a test needs that a machine may lack."""

import pytest

from tests.drawing.fonts import missing

needs_fonts = pytest.mark.skipif(bool(missing()), reason=f"fonts are not installed: {', '.join(missing())}")
