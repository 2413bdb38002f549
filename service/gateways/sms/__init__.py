"""Short messages: what a gateway says of a message, and the providers that speak for it."""

from service.gateways.sms.aliyun import AliyunSms
from service.gateways.sms.outcome import Accepted, Later, Message, Outcome, Refused, SmsGateway, Unknown

__all__ = ["Accepted", "AliyunSms", "Later", "Message", "Outcome", "Refused", "SmsGateway", "Unknown"]
