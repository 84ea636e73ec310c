"""The whole way: what is built from known facts is what the rules of the domain say."""
