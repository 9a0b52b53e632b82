"""Who a device is, and how it became that: keys, certificate, enrolment, renewal."""
