#!/bin/sh
# Prints .env.example with a random value for every secret: sh compose/secrets.sh > .env
set -eu
while IFS= read -r line; do
  case $line in
    *_PASSWORD=) printf '%sAa1%s\n' "$line" "$(openssl rand -hex 16)" ;;
    *_KEY=) printf '%s%s\n' "$line" "$(openssl rand -base64 32)" ;;
    *) printf '%s\n' "$line" ;;
  esac
done <"$(dirname "$0")/../.env.example"
