"""Accounts of the desk: who may log in, what each may do, and the key that signs its acts."""
