"""The sandbox's AWS: its name, its one account and region, and keys that are valid nowhere else."""

NAME = "aws"
REGION = "us-east-1"
ACCOUNT_ID = "123456789012"
ACCESS_KEY = "AKIASANDBOX000000000"
SECRET_KEY = "sandbox"
