"""What the API says: types, inputs, unions; root.py marries each field to its resolver."""
