"""The real servers of an instance, each one module of the same shape: MongoDB, Apache Kafka, Elasticsearch."""
