"""How alerts reach a person outside the portal: rules, texts, secrets and transports."""
