"""AWS: DynamoDB and S3 behind the ports, over our own signed HTTP; Lambda entry points; provisioning in its own folder.

Everything directly in this folder goes into function zips (but `session.py` and `facade.py`): no boto3, no pandas.
"""
