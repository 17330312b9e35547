"""The measured comparison of Muster with nginx (bench/README.md)."""
