"""The desk: a server-rendered console where supervisors work on what a night published."""
