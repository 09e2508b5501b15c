"""The rooms. Each owns one topic, one database, one consumer group and one group of URLs; none imports another."""
