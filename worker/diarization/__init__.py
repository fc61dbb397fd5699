"""Who speaks when: voices are told apart by their embeddings, or speakers by the channels they have to themselves."""
