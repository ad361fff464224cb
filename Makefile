# The two commands of Boreal, and a way back to the start. What they do is in scripts/, one file each.

.PHONY: run test reset

run: ## installs what is missing, builds, serves on http://127.0.0.1:3000 with SQLite and the sandbox
	@scripts/run

test: ## everything that CI runs
	@scripts/test

reset: ## forgets all accounts, purchases and the sandbox's state
	rm -rf data
