"""The commands of piaoda, one file each."""
