# SPDX-License-Identifier: MIT
"""Every flow by itself: kept on DATA as Parquet, for questions that nobody thought of before.

| module | one job |
|---|---|
| `spool` | flows that were just counted, in memory, until they are stored |
| `exclusions` | which flows the owner does not want to be kept |
| `parquet` | many flows as one Parquet file, and many such files as one |
| `stored_files` | the files on DATA: whole, known by their checksums, joined, within a budget |
| `checked` | which files were found whole since the start |
| `service`, `metrics` | the short work of each quarter of an hour; its figures |
"""
