# The commands of Boreal, and a way back to the start. What they do is in scripts/, one file each.

.PHONY: run test prove reset

run: ## installs what is missing, builds, serves on http://127.0.0.1:3000 with SQLite and the sandbox
	@scripts/run

test: ## everything that CI runs
	@scripts/test

prove: ## the long proofs in full: drawn histories and usage, crashes, a simulated year; takes hours
	@scripts/prove

reset: ## forgets all accounts, purchases and the sandbox's state
	rm -rf data
