"""Quality of talks (L1, D20): score cards, samples, scoring beside the recording, calibration, trends, coaching."""
