"""巡诊 Xunzhen: home visits and home beds for a district's elders, planned, proven and billed once."""
