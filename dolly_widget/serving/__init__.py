"""An OpenAI-compatible server around an engine, and its replicas on Ray Serve. Knows no widget and no command line."""
