# SPDX-License-Identifier: MIT
"""What the services publish: one dataclass for each status file, used by writer and readers."""
