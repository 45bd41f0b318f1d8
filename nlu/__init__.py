"""Understanding: a sentence (nlu.text) or a document (nlu.document) in, values out. Keeps nothing."""
