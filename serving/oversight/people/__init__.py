"""Persons who may decide: each signs with a personal key, and two people are two keys."""
