"""Audio comes in: files, folders, devices and streams become blocks of mono float32."""
