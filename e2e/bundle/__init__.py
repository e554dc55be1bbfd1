"""The bundle for sites without internet: all images, the chart, the CRDs, examples and docs in one archive."""
